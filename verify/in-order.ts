/**
 * Works on up to `concurrency` items at a time and gives the results in the order of the items.
 * Reads no further ahead than that, so memory is bounded by what is in work.
 */
export async function* inOrder<Item, Result>(
  items: AsyncIterable<Item> | Iterable<Item>,
  concurrency: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const running: Promise<Result>[] = [];
  for await (const item of items) {
    const result = work(item);
    result.catch(() => {}); // awaited below, perhaps after another one has failed
    running.push(result);
    const first = running.length >= concurrency ? running.shift() : undefined;
    if (first) yield await first;
  }
  for (const result of running) yield await result;
}
