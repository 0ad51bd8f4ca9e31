import { get } from './api-client.ts';

/** Fetches an address, with the token when one is needed, and hands it to the browser as a file. */
export async function download(path: string, name: string): Promise<void> {
  const response = await get(path);
  const blob = await response.blob();
  const address = URL.createObjectURL(blob);
  const anchor = document.createElement('a');
  anchor.href = address;
  anchor.download = name;
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
