/** Slugs: what a channel is called in paths. Letters, digits and single hyphens; too short to be mistaken for an id. */
export const MAX_SLUG_LETTERS = 40
export const SLUG = /^[a-z0-9]+(?:-[a-z0-9]+)*$/

/** A slug for a name; undefined when nothing of the name can stand in one. */
export function slugOf(name: string): string | undefined {
  const slug = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_SLUG_LETTERS)
    .replace(/^-|-$/g, '')
  return SLUG.test(slug) ? slug : undefined
}
