/** `https://sqs.REGION.amazonaws.com/ACCOUNT/QUEUE`, or `sqs:` before any queue's address. */
const queueAddress = /^(?:sqs:)?(https?:\/\/.+\/\d{12}\/[\w.-]+)$/;

/** The queue's address in a source's name; null when it does not name a queue. */
export function queueOf(spec: string): string | null {
  const isQueue = spec.startsWith('sqs:') || /^https:\/\/sqs\.[\w-]+\.amazonaws\./.test(spec);
  return isQueue ? (queueAddress.exec(spec)?.[1] ?? null) : null;
}
