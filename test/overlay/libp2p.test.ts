import { overlayContract } from '../contract/overlay-contract.ts'
import { peerPair } from './libp2p-pair.ts'

overlayContract('TCP', () => peerPair())
overlayContract('WebSockets', () => peerPair({ listen: ['/ip4/127.0.0.1/tcp/0/ws'] }))
