import { fromErrorRecord } from '../../src-main/contract/errors.ts'
import type { ChosenTable } from '../../src-main/contract/host-calls.ts'

/** Gives a table to a server, which has no dialog of its own. @throws what the server says of it */
export async function sendTable(file: File, signal: AbortSignal): Promise<ChosenTable> {
  const format = /\.json$/i.test(file.name) ? 'json' : 'csv'
  const answer = await fetch(`tables?format=${format}`, { method: 'POST', body: file, signal })
  const said = await answer.json()
  if (!answer.ok) throw fromErrorRecord(said)
  return { token: said.token, name: file.name }
}

/** Lets the browser save what lies at an address of this server. */
export function download(address: string): void {
  const link = document.createElement('a')
  link.href = address
  link.download = ''
  link.click()
}
