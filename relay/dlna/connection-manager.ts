/** ConnectionManager:1: what we can send. There is one connection, number 0, and it is always there (CM §2.4). */
import { protocolInfo } from './protocol-info.ts'
import { GENERIC, TS_MIMES } from './quirks.ts'
import type { Action, Argument, Service, Variable } from './service.ts'

const argument = (name: string, variable: string): Argument => ({ name, variable })
const ACTIONS: readonly Action[] = [
  { name: 'GetProtocolInfo', in: [], out: [argument('Source', 'SourceProtocolInfo'), argument('Sink', 'SinkProtocolInfo')] },
  { name: 'GetCurrentConnectionIDs', in: [], out: [argument('ConnectionIDs', 'CurrentConnectionIDs')] },
  {
    name: 'GetCurrentConnectionInfo',
    in: [argument('ConnectionID', 'A_ARG_TYPE_ConnectionID')],
    out: [
      argument('RcsID', 'A_ARG_TYPE_RcsID'),
      argument('AVTransportID', 'A_ARG_TYPE_AVTransportID'),
      argument('ProtocolInfo', 'A_ARG_TYPE_ProtocolInfo'),
      argument('PeerConnectionManager', 'A_ARG_TYPE_ConnectionManager'),
      argument('PeerConnectionID', 'A_ARG_TYPE_ConnectionID'),
      argument('Direction', 'A_ARG_TYPE_Direction'),
      argument('Status', 'A_ARG_TYPE_ConnectionStatus'),
    ],
  },
]

const text = (name: string, evented = false): Variable => ({ name, type: 'string', evented })
const whole = (name: string): Variable => ({ name, type: 'i4', evented: false })
const VARIABLES: readonly Variable[] = [
  text('SourceProtocolInfo', true),
  text('SinkProtocolInfo', true),
  text('CurrentConnectionIDs', true),
  {
    ...text('A_ARG_TYPE_ConnectionStatus'),
    allowed: ['OK', 'ContentFormatMismatch', 'InsufficientBandwidth', 'UnreliableChannel', 'Unknown'],
  },
  text('A_ARG_TYPE_ConnectionManager'),
  { ...text('A_ARG_TYPE_Direction'), allowed: ['Input', 'Output'] },
  text('A_ARG_TYPE_ProtocolInfo'),
  whole('A_ARG_TYPE_ConnectionID'),
  whole('A_ARG_TYPE_AVTransportID'),
  whole('A_ARG_TYPE_RcsID'),
]

const SOURCE = TS_MIMES.flatMap((mime) => [
  protocolInfo(mime, { live: true, transcoded: false }, GENERIC),
  protocolInfo(mime, { live: false, transcoded: false }, GENERIC),
]).join()

export const connectionManager: Service = {
  name: 'connection-manager',
  type: 'urn:schemas-upnp-org:service:ConnectionManager:1',
  id: 'urn:upnp-org:serviceId:ConnectionManager',
  actions: ACTIONS,
  variables: VARIABLES,
  invoke(action, args) {
    switch (action) {
      case 'GetProtocolInfo':
        return [
          ['Source', SOURCE],
          ['Sink', ''],
        ]
      case 'GetCurrentConnectionIDs':
        return [['ConnectionIDs', '0']]
      case 'GetCurrentConnectionInfo':
        if (!/^\s*[+-]?\d{1,10}\s*$/.test(args.get('ConnectionID') ?? '')) return { fault: 402 }
        if (Number(args.get('ConnectionID')) !== 0) return { fault: 706 }
        return [
          ['RcsID', '-1'],
          ['AVTransportID', '-1'],
          ['ProtocolInfo', ''],
          ['PeerConnectionManager', ''],
          ['PeerConnectionID', '-1'],
          ['Direction', 'Output'],
          ['Status', 'OK'],
        ]
      default:
        return { fault: 401 }
    }
  },
  state: () => [
    ['SourceProtocolInfo', SOURCE],
    ['SinkProtocolInfo', ''],
    ['CurrentConnectionIDs', '0'],
  ],
}
