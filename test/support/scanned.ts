export type Json = Record<string, unknown>;

export function kms(fields: Json = {}): Json {
  return {
    eventVersion: '1.11',
    eventTime: '2026-02-28T23:59:59Z',
    eventSource: 'kms.amazonaws.com',
    eventName: 'Decrypt',
    eventID: '01234567-89ab-cdef-fedc-ba9876543210',
    ...fields,
  };
}

export function other(fields: Json = {}): Json {
  return kms({ eventSource: 's3.amazonaws.com', eventName: 'GetObject', ...fields });
}
