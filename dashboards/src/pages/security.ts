import { grid } from './overview.ts';
import { otherPanels } from './others.ts';

export function securityPage(): Node[] {
  return [grid(...otherPanels(['investigation', 'detections'], []))];
}
