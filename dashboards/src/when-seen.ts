/** Panels below the fold ask for their numbers when they come near. */
const seen = new WeakMap<Element, () => void>();
const observer = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      observer.unobserve(entry.target);
      seen.get(entry.target)?.();
    }
  },
  { rootMargin: '600px' },
);

export function whenSeen(element: Element, work: () => void): void {
  seen.set(element, work);
  observer.observe(element);
}
