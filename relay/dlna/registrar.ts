/** X_MS_MediaReceiverRegistrar:1. Windows, Xbox and LG do not list a server without it; everybody in the house may watch. */
import type { Action, Argument, Service, Variable } from './service.ts'

const argument = (name: string, variable: string): Argument => ({ name, variable })
const ACTIONS: readonly Action[] = [
  { name: 'IsAuthorized', in: [argument('DeviceID', 'A_ARG_TYPE_DeviceID')], out: [argument('Result', 'A_ARG_TYPE_Result')] },
  { name: 'IsValidated', in: [argument('DeviceID', 'A_ARG_TYPE_DeviceID')], out: [argument('Result', 'A_ARG_TYPE_Result')] },
  {
    name: 'RegisterDevice',
    in: [argument('RegistrationReqMsg', 'A_ARG_TYPE_RegistrationReqMsg')],
    out: [argument('RegistrationRespMsg', 'A_ARG_TYPE_RegistrationRespMsg')],
  },
]
const VARIABLES: readonly Variable[] = [
  { name: 'A_ARG_TYPE_DeviceID', type: 'string', evented: false },
  { name: 'A_ARG_TYPE_Result', type: 'i4', evented: false },
  { name: 'A_ARG_TYPE_RegistrationReqMsg', type: 'bin.base64', evented: false },
  { name: 'A_ARG_TYPE_RegistrationRespMsg', type: 'bin.base64', evented: false },
  { name: 'AuthorizationGrantedUpdateID', type: 'ui4', evented: true },
  { name: 'AuthorizationDeniedUpdateID', type: 'ui4', evented: true },
  { name: 'ValidationSucceededUpdateID', type: 'ui4', evented: true },
  { name: 'ValidationRevokedUpdateID', type: 'ui4', evented: true },
]

export const registrar: Service = {
  name: 'registrar',
  type: 'urn:microsoft.com:service:X_MS_MediaReceiverRegistrar:1',
  id: 'urn:microsoft.com:serviceId:X_MS_MediaReceiverRegistrar',
  actions: ACTIONS,
  variables: VARIABLES,
  invoke(action) {
    switch (action) {
      case 'IsAuthorized':
      case 'IsValidated':
        return [['Result', '1']]
      case 'RegisterDevice':
        return [['RegistrationRespMsg', '']]
      default:
        return { fault: 401 }
    }
  },
  state: () => VARIABLES.filter(({ evented }) => evented).map(({ name }) => [name, '1']),
}
