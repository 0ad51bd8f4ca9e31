/** Two ranges against each other. */
export function beforeAfterPanel(): HTMLElement | null {
  return null;
}
