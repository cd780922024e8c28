import test from 'ava'
import { COMMANDS } from '../../relay/cli/commands.ts'
import { helpOf, nearest, parseInvocation, type Command } from '../../relay/cli/command.ts'
import { OPTIONS } from '../../relay/config.ts'

const command = (name: string): Command => {
  const found = COMMANDS.find((candidate) => candidate.name === name)
  if (found === undefined) throw new Error(`no command ${name}`)
  return found
}
const relay = command('relay')

test('a switch can be turned on and off', (t) => {
  t.deepEqual(parseInvocation(relay, ['--no-dlna', '--mdns']).options, { dlna: false, mdns: true })
})

test('a repeatable flag keeps all its values, written either way', (t) => {
  t.deepEqual(parseInvocation(relay, ['--carry', 'news', '--carry=sport']).options, { carry: ['news', 'sport'] })
})

const refused = test.macro({
  exec(t, args: readonly string[], message: RegExp) {
    t.regex(t.throws(() => parseInvocation(relay, args), { code: 'usage' })?.message ?? '', message)
  },
  title: (_, args: readonly string[] = []) => `relay ${args.join(' ')} is refused`,
})
test(refused, ['--htp-port', '80'], /^relay has no flag --htp-port; did you mean --http-port\?/)
test(refused, ['--zzz'], /^relay has no flag --zzz \(tributary relay --help lists them\)$/)
test(refused, ['--no-data'], /^relay has no flag --no-data/)
test(refused, ['--http-port'], /^--http-port needs a value/)
test(refused, ['--dlna=yes'], /^--dlna takes no value; write --dlna or --no-dlna$/)

test('operands stand between flags', (t) => {
  const { positionals, flags } = parseInvocation(command('record'), ['--for', '90m', 'news'])
  t.deepEqual(positionals, ['news'])
  t.is(flags['for'], '90m')
})

test('a name that is near is suggested, one that is far is not', (t) => {
  t.is(nearest('chanels', ['channels', 'join']), 'channels')
  t.is(nearest('stop', ['channels', 'join']), undefined)
})

test('each command has help with every flag and one example', (t) => {
  for (const each of COMMANDS) {
    const help = helpOf(each)
    for (const name of each.options) t.true(help.includes(`${name} `), `${each.name} tells of --${name}`)
    t.true(help.includes(`Example: tributary ${each.name}`), each.name)
  }
})

test('every option of the configuration can be given to a command', (t) => {
  const given = new Set(COMMANDS.flatMap(({ options }) => options))
  t.deepEqual(
    Object.keys(OPTIONS).filter((name) => !given.has(name as never)),
    [],
  )
})
