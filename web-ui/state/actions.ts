/**
 * What people do to the relay. Each is shown at once as *pending*, and taken back with the relay's own words when it says no.
 * It owns the pending marks; lists change only by what the relay answers.
 */
import { signal, type ReadonlySignal, type Signal } from '@preact/signals'
import type { Channel, Network, Recording, Renderer } from '../../relay/http/schemas.ts'
import { t } from '../i18n.ts'
import type { Notices } from './notices.ts'
import type { Api, ApiProblem, PageClock } from './ports.ts'
import type { Loadable, Resources } from './resources.ts'

export type PendingRecord = 'starting' | 'stopping'
export type PendingRenderer = { readonly kind: 'starting'; readonly channel: string } | { readonly kind: 'stopping' }
/** The join form. */
export type Joining = { readonly kind: 'idle' } | { readonly kind: 'sending' } | { readonly kind: 'refused'; readonly problem: ApiProblem }

/** How long a deleted recording can be had back. */
export const UNDO_MS = 8_000

export interface Actions {
  /** By channel id. */
  readonly pendingRecords: ReadonlySignal<ReadonlyMap<string, PendingRecord>>
  /** By renderer id. */
  readonly pendingRenderers: ReadonlySignal<ReadonlyMap<string, PendingRenderer>>
  /** Recordings that are gone from the list and may still come back. */
  readonly removed: ReadonlySignal<ReadonlySet<string>>
  readonly joining: ReadonlySignal<Joining>
  startRecording(channel: Channel): Promise<void>
  stopRecording(recording: { readonly id: string; readonly channel: string }): Promise<void>
  removeRecording(recording: Recording): void
  playOn(renderer: Renderer, channel: Channel): Promise<void>
  stopRenderer(renderer: Renderer): Promise<void>
  /** True when the relay took the link. */
  join(link: string): Promise<boolean>
  /** Sends the deletions that still wait: the page is going away. */
  flush(): void
}

export interface ActionDeps {
  readonly api: Api
  readonly clock: PageClock
  readonly resources: Resources
  readonly notices: Notices
}

const setKey = <K, V>(target: Signal<ReadonlyMap<K, V>>, key: K, value: V | undefined): void => {
  const next = new Map(target.value)
  if (value === undefined) next.delete(key)
  else next.set(key, value)
  target.value = next
}

const update = <T extends { readonly id: string }>(target: Signal<Loadable<readonly T[]>>, id: string, change: (item: T) => T): void => {
  if (target.value.kind !== 'ready') return
  target.value = { kind: 'ready', value: target.value.value.map((item) => (item.id === id ? change(item) : item)) }
}

const upsert = <T extends { readonly id: string }>(target: Signal<Loadable<readonly T[]>>, item: T): void => {
  const list = target.value.kind === 'ready' ? target.value.value : []
  const known = list.some((other) => other.id === item.id)
  target.value = { kind: 'ready', value: known ? list.map((other) => (other.id === item.id ? item : other)) : [item, ...list] }
}

const withoutRecording = ({ recording: _recording, ...channel }: Channel): Channel => channel

const segment = (text: string): string => encodeURIComponent(text)

export function createActions({ api, clock, resources, notices }: ActionDeps): Actions {
  const pendingRecords = signal<ReadonlyMap<string, PendingRecord>>(new Map())
  const pendingRenderers = signal<ReadonlyMap<string, PendingRenderer>>(new Map())
  const removed = signal<ReadonlySet<string>>(new Set())
  const joining = signal<Joining>({ kind: 'idle' })
  /** Deletions that wait for their undo to pass; the value cancels the wait. */
  const removals = new Map<string, () => void>()

  const refuse = (text: string, problem: ApiProblem): void => {
    notices.show({ kind: 'error', text: `${text} ${problem.detail}` })
  }

  const restore = (id: string): void => {
    removals.get(id)?.()
    removals.delete(id)
    removed.value = new Set([...removed.value].filter((other) => other !== id))
  }

  const sendRemoval = async (recording: Recording): Promise<void> => {
    removals.delete(recording.id)
    const reply = await api.remove(`recordings/${segment(recording.id)}`)
    // 404: somebody else was quicker, which is what was wanted
    if (reply.ok || reply.problem.status === 404) {
      if (resources.recordings.value.kind === 'ready')
        resources.recordings.value = { kind: 'ready', value: resources.recordings.value.value.filter((other) => other.id !== recording.id) }
    } else refuse(t('recordings.removeRefused', { title: recording.title }), reply.problem)
    restore(recording.id)
  }

  return {
    pendingRecords,
    pendingRenderers,
    removed,
    joining,

    async startRecording(channel) {
      if (pendingRecords.value.has(channel.id)) return
      setKey(pendingRecords, channel.id, 'starting')
      const reply = await api.post<Recording>('recordings', { channel: channel.id })
      if (reply.ok) {
        upsert(resources.recordings, reply.value)
        update(resources.channels, channel.id, (item) => ({ ...item, recording: reply.value.id }))
      } else refuse(t('record.refused', { channel: channel.name }), reply.problem)
      setKey(pendingRecords, channel.id, undefined)
    },

    async stopRecording({ id, channel }) {
      if (pendingRecords.value.has(channel)) return
      setKey(pendingRecords, channel, 'stopping')
      const reply = await api.post<Recording>(`recordings/${segment(id)}/stop`, {})
      if (reply.ok) {
        upsert(resources.recordings, reply.value)
        update(resources.channels, channel, (item) => (item.recording === id ? withoutRecording(item) : item))
      } else refuse(t('record.stopRefused'), reply.problem)
      setKey(pendingRecords, channel, undefined)
    },

    removeRecording(recording) {
      if (removals.has(recording.id)) return
      removed.value = new Set([...removed.value, recording.id])
      const cancel = clock.after(UNDO_MS, () => {
        sendRemoval(recording).catch(() => {})
      })
      removals.set(recording.id, cancel)
      notices.show({
        kind: 'info',
        text: t('recordings.removed', { title: recording.title }),
        action: { label: t('action.undo'), run: () => restore(recording.id) },
      })
    },

    async playOn(renderer, channel) {
      setKey(pendingRenderers, renderer.id, { kind: 'starting', channel: channel.id })
      const reply = await api.post<Renderer>(`renderers/${segment(renderer.id)}/play`, { channel: channel.id })
      if (!reply.ok) refuse(t('tv.playRefused', { tv: renderer.name }), reply.problem)
      else notices.show({ kind: 'info', text: t('tv.plays', { tv: renderer.name, channel: channel.name }) })
      setKey(pendingRenderers, renderer.id, undefined)
    },

    async stopRenderer(renderer) {
      setKey(pendingRenderers, renderer.id, { kind: 'stopping' })
      const reply = await api.post<Renderer>(`renderers/${segment(renderer.id)}/stop`, {})
      if (!reply.ok) refuse(t('tv.stopRefused', { tv: renderer.name }), reply.problem)
      setKey(pendingRenderers, renderer.id, undefined)
    },

    async join(link) {
      if (joining.value.kind === 'sending') return false
      joining.value = { kind: 'sending' }
      const reply = await api.post<Network>('networks', { link: link.trim() })
      joining.value = reply.ok ? { kind: 'idle' } : { kind: 'refused', problem: reply.problem }
      if (reply.ok) upsert(resources.networks, reply.value)
      return reply.ok
    },

    flush() {
      for (const [id, cancel] of removals) {
        cancel()
        api.remove(`recordings/${segment(id)}`).catch(() => {})
      }
      removals.clear()
    },
  }
}
