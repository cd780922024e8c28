/** What control points browse, before it becomes DIDL. */
import type { DlnaChannel, DlnaRecording } from './ports.ts'

export interface ContainerObject {
  readonly kind: 'container'
  readonly id: string
  readonly parent: string
  readonly title: string
  readonly class: string
  readonly tuner: boolean
  /** Left out of DIDL when 0: Kodi hides empty folders. */
  readonly childCount: number
}
export interface ChannelObject {
  readonly kind: 'channel'
  readonly id: string
  readonly parent: string
  readonly title: string
  readonly class: string
  readonly channel: DlnaChannel
}
export interface RecordingObject {
  readonly kind: 'recording'
  readonly id: string
  readonly parent: string
  readonly title: string
  readonly class: string
  readonly recording: DlnaRecording
}
export type ContentObject = ContainerObject | ChannelObject | RecordingObject
