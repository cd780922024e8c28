import { systemClock } from '../clock.ts'
import { RelayError } from '../errors.ts'
import { createNetwork, openProvider, type Provider } from '../network/provider.ts'
import { qrText } from '../network/qr.ts'
import { operand, requiredFlag, textFlags, type Command, type CommandContext } from './command.ts'

/** What a person, or a program, wants to know of a network: its channels, and the link by which others join it. */
function tell(context: CommandContext, provider: Provider): void {
  const link = provider.joinLink()
  const channels = provider.channels.map(({ id, slug, number, name }) => ({ id, slug, number, name }))
  if (context.json) {
    context.print(
      JSON.stringify({
        id: provider.id,
        name: provider.name,
        dir: provider.dir,
        sequence: provider.catalogue.catalogue.sequence,
        channels,
        link,
      }),
    )
    return
  }
  context.print(`${provider.name}  (${provider.dir})`)
  for (const { number, name, slug } of channels) context.print(`${String(number).padStart(4)}  ${name}  (${slug})`)
  context.print('')
  context.print(link)
  context.print(qrText(link))
  if (provider.catalogue.catalogue.bootstrap.length === 0) {
    context.print(
      'The link names no address yet: relays on the same LAN will find the network. For others, run `tributary bootstrap` somewhere',
    )
    context.print(`that they can reach, and name it: tributary network sign ${provider.dir} --bootstrap ADDRESS`)
  }
}

async function create(context: CommandContext, dir: string): Promise<void> {
  const { flags } = context
  const channels = textFlags(flags, 'channel').map((name) => ({ name }))
  if (channels.length === 0) throw new RelayError('usage', `a network has at least one channel, as in: ${networkCommand.example}`)
  const name = requiredFlag(context, 'network create', 'name')
  tell(context, await createNetwork(dir, { name, channels, bootstrap: textFlags(flags, 'bootstrap') }, { clock: systemClock }))
}

async function sign(context: CommandContext, dir: string): Promise<void> {
  const provider = await openProvider(dir, { clock: systemClock })
  const bootstrap = textFlags(context.flags, 'bootstrap')
  await provider.sign(bootstrap.length === 0 ? {} : { bootstrap })
  tell(context, provider)
}

export const networkCommand: Command = {
  name: 'network',
  summary: 'Makes a television network, shows its join link, or signs what its folder says',
  operands: 'create|show|sign DIR',
  options: ['log-level'],
  own: {
    name: { type: 'string', value: 'NAME', help: 'create: what the network is called' },
    channel: { type: 'string', multiple: true, value: 'NAME', help: 'create: a channel; may be repeated' },
    bootstrap: { type: 'string', multiple: true, value: 'MULTIADDR', help: 'where relays first find the network; may be repeated' },
  },
  example: 'tributary network create valley-tv --name "Valley TV" --channel News --channel Sport',
  async run(context) {
    const action = operand(context, networkCommand, 0)
    const dir = operand(context, networkCommand, 1)
    switch (action) {
      case 'create':
        await create(context, dir)
        return 0
      case 'show':
        tell(context, await openProvider(dir, { clock: systemClock }))
        return 0
      case 'sign':
        await sign(context, dir)
        return 0
      default:
        throw new RelayError('usage', `network has no ${action}; it has create, show and sign (tributary network --help)`)
    }
  },
}
