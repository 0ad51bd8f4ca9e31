import { grid } from './overview.ts';
import { otherPanels } from './others.ts';

export function costPage(): Node[] {
  return [grid(...otherPanels(['finops'], []))];
}
