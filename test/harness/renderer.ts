/** A renderer on loopback that a test scripts: it answers SOAP like libupnp does, closing each connection without saying so. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readDescription, type RendererDescription } from '../../relay/dlna/renderer-description.ts'
import { textOf } from './dlna.ts'

export interface RendererFacts {
  readonly name?: string
  readonly udn?: string
  readonly type?: string
  readonly control?: string
  /** Where a request for the description is sent instead. */
  readonly redirect?: string
}

export const rendererXml = ({
  name = 'TV',
  udn = 'uuid:tv',
  type = 'urn:schemas-upnp-org:device:MediaRenderer:1',
  control,
}: RendererFacts): string =>
  '<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><device>' +
  `<deviceType>${type}</deviceType><friendlyName>${name}</friendlyName><manufacturer>Acme</manufacturer><modelName>TV 1</modelName><UDN>${udn}</UDN><serviceList>` +
  ['AVTransport', 'ConnectionManager']
    .map(
      (service) =>
        `<service><serviceType>urn:schemas-upnp-org:service:${service}:1</serviceType><serviceId>urn:upnp-org:serviceId:${service}</serviceId>` +
        `<SCPDURL>/${service}/scpd.xml</SCPDURL><controlURL>${control ?? `/${service}/control`}</controlURL><eventSubURL>/${service}/event</eventSubURL></service>`,
    )
    .join('') +
  '</serviceList></device></root>'

export interface SoapRequest {
  readonly action: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly bytes: number
}
export interface SoapReply {
  readonly status?: number
  /** The whole body; else one is made of `values`. */
  readonly body?: string
  readonly values?: Readonly<Record<string, string>>
}

export interface FakeRenderer extends AsyncDisposable {
  readonly description: RendererDescription
  readonly calls: readonly SoapRequest[]
  /** How often the description was asked for. */
  described(): number
  /** Everything but POST and GET of the description. */
  readonly strange: readonly string[]
}

export const fault = (code: number, description: string | undefined = 'No'): SoapReply => ({
  status: 500,
  body:
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><detail><UPnPError xmlns="urn:schemas-upnp-org:control-1-0">' +
    `<errorCode>${code}</errorCode>${description === '' ? '' : `<errorDescription>${description}</errorDescription>`}</UPnPError></detail></s:Fault></s:Body></s:Envelope>`,
})

/** @param reply what to say to an action; undefined: never anything */
export async function startRenderer(
  facts: RendererFacts,
  reply: (request: SoapRequest) => SoapReply | Promise<SoapReply> | undefined,
): Promise<FakeRenderer> {
  const calls: SoapRequest[] = []
  const strange: string[] = []
  let described = 0
  const answer = async (request: IncomingMessage, response: ServerResponse, bytes: Buffer): Promise<void> => {
    if (request.method === 'GET' && request.url === '/description.xml') {
      described += 1
      if (facts.redirect === undefined) response.end(rendererXml(facts))
      else response.writeHead(302, { Location: facts.redirect }).end()
      return
    }
    if (request.method !== 'POST') {
      strange.push(`${request.method} ${request.url}`)
      response.writeHead(404).end()
      return
    }
    const action = String(request.headers['soapaction']).replace(/^.*#|"$/g, '')
    const call = { action, headers: request.headers, body: bytes.toString(), bytes: bytes.length }
    calls.push(call)
    const said = await reply(call)
    if (said === undefined) return
    const values = Object.entries(said.values ?? {}).map(([name, value]) => `<${name}>${value}</${name}>`)
    const body =
      said.body ??
      `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><u:${action}Response>${values.join('')}</u:${action}Response></s:Body></s:Envelope>`
    response.removeHeader('Connection')
    response.writeHead(said.status ?? 200, { 'Content-Type': 'text/xml' }).end(body, () => request.socket.end())
  }
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      answer(request, response, Buffer.concat(pieces)).catch((error: unknown) => response.destroy(error as Error))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const location = `http://127.0.0.1:${(server.address() as AddressInfo).port}/description.xml`
  const description = readDescription(rendererXml(facts), location, '127.0.0.1')
  if (description === undefined) throw new Error('the test renderer does not describe itself')
  return {
    description,
    calls,
    strange,
    described: () => described,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** An argument of a call, with its entities resolved. */
export const argumentOf = (call: SoapRequest | undefined, name: string): string => textOf(call?.body ?? '', name)
