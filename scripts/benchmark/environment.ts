/** How the relay's own processes are started (scripts/node-options.sh), and how a program that is not ours is. */
export const relayEnvironment: NodeJS.ProcessEnv = { ...process.env }

const { NODE_OPTIONS: _options, NODE_COMPILE_CACHE: _cache, ...plain } = process.env
export const plainEnvironment: NodeJS.ProcessEnv = plain
