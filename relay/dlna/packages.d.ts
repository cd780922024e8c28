/** What we use of node-ssdp 4.0.1, private parts included: the version is pinned. */
declare module 'node-ssdp' {
  import type { Socket } from 'node:dgram'
  import type { EventEmitter } from 'node:events'

  export type SsdpHeaders = Record<string, string | undefined>
  export interface PacketInfo {
    readonly address: string
    readonly port: number
  }
  export interface SsdpOptions {
    readonly udn?: string
    readonly location?: string
    readonly ssdpSig?: string
    readonly ssdpTtl?: number
    readonly ssdpPort?: number
    readonly sourcePort?: number
    readonly ttl?: number
    readonly adInterval?: number
    readonly headers?: Readonly<Record<string, string>>
    readonly interfaces?: readonly string[]
  }

  class Base extends EventEmitter {
    constructor(options?: SsdpOptions)
    sockets: Record<string, Socket> | null
    _usns: Record<string, string>
    _parseMessage(message: Buffer, from: PacketInfo): void
    _parseCommand(message: string, from: PacketInfo): void
    start(): Promise<void>
    stop(): void
  }
  class Server extends Base {
    addUSN(type: string): void
    advertise(alive: boolean): void
    _msearch(headers: SsdpHeaders, message: string, from: PacketInfo): void
    _respondToSearch(target: string, from: PacketInfo): void
    _initAdLoop(): void
    _stopAdLoop(): void
  }
  class Client extends Base {
    search(target: string): void
  }
  const ssdp: { readonly Server: typeof Server; readonly Client: typeof Client }
  export default ssdp
}
