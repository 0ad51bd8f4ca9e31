/** The listing half of the S3 double: ListObjectsV2 over a sorted list of keys. */
export interface StoredObject {
  bytes: Buffer;
  etag: string;
  modified_at: number;
}

export interface ListQuery {
  bucket: string;
  prefix: string;
  delimiter: string;
  token: string;
  max_keys: number;
  encoded: boolean;
}

export function listXml(
  keys: readonly string[],
  objectOf: (key: string) => StoredObject,
  query: ListQuery,
): string {
  const contents: string[] = [];
  const folders: string[] = [];
  let next = '';
  let at = lowerBound(keys, later(query.prefix, query.token));
  while (at < keys.length) {
    const key = keys[at] ?? '';
    if (!key.startsWith(query.prefix)) break;
    if (contents.length + folders.length >= query.max_keys) {
      next = key;
      break;
    }
    const cut = query.delimiter ? key.indexOf(query.delimiter, query.prefix.length) : -1;
    if (cut === -1) {
      contents.push(contentsXml(key, objectOf(key), query.encoded));
      at += 1;
    } else {
      const folder = key.slice(0, cut + 1);
      folders.push(
        `<CommonPrefixes><Prefix>${text(folder, query.encoded)}</Prefix></CommonPrefixes>`,
      );
      at = lowerBound(keys, `${folder.slice(0, -1)}0`); // '0' is the character after '/'.
    }
  }
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">',
    `<Name>${query.bucket}</Name><Prefix>${text(query.prefix, query.encoded)}</Prefix>`,
    `<KeyCount>${contents.length + folders.length}</KeyCount><MaxKeys>${query.max_keys}</MaxKeys>`,
    query.encoded ? '<EncodingType>url</EncodingType>' : '',
    `<IsTruncated>${next !== ''}</IsTruncated>`,
    next ? `<NextContinuationToken>${tokenOf(next)}</NextContinuationToken>` : '',
    ...contents,
    ...folders,
    '</ListBucketResult>',
  ].join('');
}

export function keyOfToken(token: string): string {
  return Buffer.from(token, 'base64url').toString('utf8');
}

function tokenOf(key: string): string {
  return Buffer.from(key, 'utf8').toString('base64url');
}

function contentsXml(key: string, object: StoredObject, encoded: boolean): string {
  return (
    `<Contents><Key>${text(key, encoded)}</Key><ETag>&quot;${object.etag}&quot;</ETag>` +
    `<Size>${object.bytes.length}</Size><StorageClass>STANDARD</StorageClass>` +
    `<LastModified>${new Date(object.modified_at).toISOString()}</LastModified></Contents>`
  );
}

function text(value: string, encoded: boolean): string {
  if (encoded) return encodeURIComponent(value).replaceAll('%2F', '/').replaceAll('%20', '+');
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function later(a: string, b: string): string {
  return a > b ? a : b;
}

function lowerBound(keys: readonly string[], wanted: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? '') < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
