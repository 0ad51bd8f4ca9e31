/** Sliders over quota-what-if. */
export function whatIfPanel(): HTMLElement | null {
  return null;
}
