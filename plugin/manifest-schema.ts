/** The shape of `plugin.manifest.json`: what a media host is told. Readable without running code; unknown keys are refused. */
import { z } from 'zod'

const version = z.string().regex(/^\d+\.\d+\.\d+$/, 'expected a version such as 0.1.0')
const range = z
  .string()
  .regex(/^(?:[<>]=?|\^|~)?\d+(?:\.\d+){0,2}(?: (?:[<>]=?)\d+(?:\.\d+){0,2})*$/, 'expected a version range such as ">=0.1 <1"')
const surface = z.string().regex(/^[a-z][a-z0-9]{1,19}$/, 'expected a name of small letters and digits')
const servedPath = z.string().regex(/^\/[a-z0-9]+\/[a-z0-9./-]*$/, 'expected a path below its surface, such as /iptv/channels.m3u')
const port = z.int().min(1).max(65_535)

/** Modules live in the folder of their surface and carry its name; nothing else is ever loaded. */
const modulePath = z.string().regex(/^plugin\/([a-z][a-z0-9]{1,19})\/\1\.ts$/, 'expected a file such as plugin/iptv/iptv.ts')

const Contribution = z.strictObject({ id: surface, surface, path: servedPath, mediaType: z.string() })

const Setting = z.strictObject({
  type: z.enum(['string', 'integer', 'boolean']),
  title: z.string(),
  description: z.string().optional(),
  enum: z.array(z.string()).optional(),
  minimum: z.int().optional(),
  maximum: z.int().optional(),
  maxLength: z.int().optional(),
  default: z.union([z.string(), z.int(), z.boolean()]),
})

/** A JSON Schema of the 2020-12 draft, two levels deep: a surface, its settings. Every setting has a default. */
const ConfigSchema = z.strictObject({
  $schema: z.literal('https://json-schema.org/draft/2020-12/schema'),
  type: z.literal('object'),
  additionalProperties: z.literal(false),
  properties: z.record(
    surface,
    z.strictObject({
      type: z.literal('object'),
      title: z.string(),
      additionalProperties: z.literal(false),
      properties: z.record(z.string().regex(/^[a-z][A-Za-z0-9]{0,30}$/), Setting),
    }),
  ),
})

export const Manifest = z.strictObject({
  manifestVersion: z.literal(1),
  id: z.string().regex(/^[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)+$/, 'expected a reverse domain name such as tv.tributary.relay'),
  name: z.string().min(1).max(64),
  version,
  description: z.string().min(1).max(300),
  license: z.string(),
  author: z.string(),
  engines: z.strictObject({ relay: range, node: range }),
  entry: z.strictObject({ relay: z.string(), ui: z.string(), surfaces: z.record(surface, modulePath) }),
  activation: z.array(z.enum(['onStart'])).min(1),
  contributes: z.strictObject({
    playlists: z.array(Contribution),
    guides: z.array(Contribution),
    mediaServers: z.array(z.strictObject({ id: surface, path: servedPath, discovery: z.enum(['ssdp']) })),
  }),
  permissions: z.strictObject({
    network: z.strictObject({
      listen: z.array(z.string()),
      multicast: z.array(z.string()),
      outbound: z.array(z.string()),
    }),
    fs: z.strictObject({ read: z.array(z.string()), write: z.array(z.string()) }),
    exec: z.array(z.enum(['ffmpeg', 'ffprobe'])),
  }),
  optionalPermissions: z.strictObject({ devices: z.array(z.string()) }),
  configSchema: ConfigSchema,
  configUi: z.strictObject({ order: z.array(z.string().regex(/^[a-z0-9]+\.[A-Za-z0-9]+$/)) }),
  ports: z.array(
    z.strictObject({ name: z.string(), protocol: z.enum(['tcp', 'udp']), port, purpose: z.string(), option: z.string().optional() }),
  ),
  healthcheck: z.strictObject({ path: z.string().startsWith('/'), intervalSeconds: z.int().min(1).max(3600) }),
  hosts: z.array(z.strictObject({ kind: z.string(), min: z.string().optional(), via: z.array(surface).min(1) })),
  arch: z.array(z.enum(['amd64', 'arm64'])),
})

export type Manifest = z.infer<typeof Manifest>
