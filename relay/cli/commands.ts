import { bootstrapCommand } from './bootstrap.ts'
import { broadcastCommand } from './broadcast.ts'
import { channelsCommand } from './channels.ts'
import type { Command } from './command.ts'
import { doctorCommand } from './doctor.ts'
import { joinCommand } from './join.ts'
import { networkCommand } from './network.ts'
import { recordCommand } from './record.ts'
import { relayCommand } from './relay.ts'

/** In the order of the help page. What only a running command needs, it loads when it runs: help and errors come at once. */
export const COMMANDS: readonly Command[] = [
  relayCommand,
  joinCommand,
  channelsCommand,
  recordCommand,
  broadcastCommand,
  networkCommand,
  bootstrapCommand,
  doctorCommand,
]
