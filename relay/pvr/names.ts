/** Names of folders and files that every file system takes: ext4, NTFS, exFAT, SMB shares, encrypted home folders. */

/** eCryptfs allows 143 bytes for a name; date, id and extension come to it. */
const MAX_TITLE_BYTES = 96
const FALLBACK = 'Recording'

/** PURE. A title without what Windows refuses, without control and invisible characters, cut between letters. */
export function safeTitle(title: string): string {
  const plain = title
    .normalize('NFC')
    .replaceAll(/[\p{C}<>:"/\\|?*\s]+/gu, ' ')
    .replaceAll(/^[ .]+/g, '')
  let kept = ''
  let bytes = 0
  for (const { segment } of new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(plain)) {
    bytes += Buffer.byteLength(segment)
    if (bytes > MAX_TITLE_BYTES) break
    kept += segment
  }
  return kept.replaceAll(/[ .]+$/g, '') || FALLBACK
}

const two = (value: number): string => String(value).padStart(2, '0')

/** PURE but for the time zone: `Title 2026-01-31 20.15 id`, by the household's clock. The id comes last, so no name is ever a reserved one. */
export function folderName(recording: { readonly title: string; readonly start: number; readonly id: string }): string {
  const at = new Date(recording.start)
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  return `${safeTitle(recording.title)} ${day} ${two(at.getHours())}.${two(at.getMinutes())} ${recording.id}`
}

/** PURE. True for one plain name inside a folder: nothing that leads out of it. */
export const isPlainName = (name: string): boolean => name !== '' && name !== '.' && name !== '..' && !/[/\\\0]/.test(name)
