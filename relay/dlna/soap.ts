/** SOAP 1.1 as UPnP uses it (UDA 1.0 §3.2): a total reader of requests, and the texts of answers and faults. */
import { FAULTS, isFault, type Fault, type FaultCode } from './faults.ts'
import type { ActionResult, Caller, Service } from './service.ts'
import { childNamed, escapeXml, parseXml, XML_DECLARATION } from './xml.ts'

export interface SoapAnswer {
  readonly status: 200 | 500
  readonly body: string
}

const ENVELOPE =
  '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
const ENVELOPE_END = '</s:Body></s:Envelope>'

export const soapFault = (code: FaultCode): SoapAnswer => ({
  status: 500,
  body:
    XML_DECLARATION +
    `${ENVELOPE}<s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail>` +
    `<UPnPError xmlns="urn:schemas-upnp-org:control-1-0"><errorCode>${code}</errorCode>` +
    `<errorDescription>${FAULTS[code]}</errorDescription></UPnPError></detail></s:Fault>${ENVELOPE_END}`,
})

interface Call {
  readonly action: string
  readonly args: ReadonlyMap<string, string>
}

/** Says `Service#Action`, quoted or not; it must name the service of this path and the action of the body. */
function parseCall(body: string, soapAction: string | undefined, service: Service): Call | Fault {
  const header = soapAction?.trim().replace(/^"(.*)"$/, '$1')
  const [type, action, ...rest] = header?.split('#') ?? []
  if (type !== service.type || action === undefined || rest.length > 0) return { fault: 401 }
  const envelope = parseXml(body)
  const call = envelope?.name === 'Envelope' ? childNamed(envelope, 'Body')?.children[0] : undefined
  if (call === undefined) return { fault: 402 }
  if (call.name !== action) return { fault: 401 }
  return { action, args: new Map(call.children.map(({ name, text }) => [name, text])) }
}

/** PURE but for what the service does. Every body and header gets an answer. */
export function answerSoap(body: string, soapAction: string | undefined, service: Service, caller: Caller): SoapAnswer {
  const call = parseCall(body, soapAction, service)
  if (isFault(call)) return soapFault(call.fault)
  const action = service.actions.find(({ name }) => name === call.action)
  if (action === undefined) return soapFault(401)
  if (action.in.some(({ name }) => !call.args.has(name))) return soapFault(402)
  const result: ActionResult = service.invoke(call.action, call.args, caller)
  if (isFault(result)) return soapFault(result.fault)
  const values = result.map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`).join('')
  return {
    status: 200,
    body: `${XML_DECLARATION}${ENVELOPE}<u:${action.name}Response xmlns:u="${service.type}">${values}</u:${action.name}Response>${ENVELOPE_END}`,
  }
}
