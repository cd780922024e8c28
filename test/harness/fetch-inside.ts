/** An HTTP request from wherever `inside` puts a process, such as a network namespace that the test itself is not in. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Inside } from './processes.ts'

const ASK = `
const [url, init] = process.argv.slice(1)
const response = await fetch(url, JSON.parse(init))
console.log(JSON.stringify({ status: response.status, text: await response.text() }))`

export interface Answer {
  readonly status: number
  readonly text: string
}

export async function fetchInside(
  inside: Inside,
  url: string,
  init: { readonly method?: string; readonly headers?: Readonly<Record<string, string>>; readonly body?: string } = {},
): Promise<Answer> {
  const [file, args] = inside([process.execPath, '--input-type=module', '-e', ASK, url, JSON.stringify(init)])
  return JSON.parse((await promisify(execFile)(file, args)).stdout) as Answer
}
