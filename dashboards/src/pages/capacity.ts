import { grid } from './overview.ts';
import { otherPanels } from './others.ts';

export function capacityPage(): Node[] {
  return [grid(...otherPanels(['usage', 'capacity'], []))];
}
