/** What a UPnP action answers when it cannot: UDA 1.0 §3.2.2 and ContentDirectory:1 §2.7. */
export const FAULTS = {
  401: 'Invalid Action',
  402: 'Invalid Args',
  501: 'Action Failed',
  701: 'No such object',
  706: 'Invalid connection reference',
  708: 'Unsupported or invalid search criteria',
  709: 'Unsupported or invalid sort criteria',
  710: 'No such container',
  720: 'Cannot process the request',
} as const satisfies Readonly<Record<number, string>>

export type FaultCode = keyof typeof FAULTS
export interface Fault {
  readonly fault: FaultCode
}
export const isFault = (value: object): value is Fault => 'fault' in value
