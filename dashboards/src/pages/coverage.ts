import { grid } from './overview.ts';
import { otherPanels } from './others.ts';

export function coveragePage(): Node[] {
  return [grid(...otherPanels(['coverage'], []))];
}
