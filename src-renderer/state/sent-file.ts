import { fromErrorRecord } from '../../src-main/contract/errors.ts'
import type { ChosenFile, SentFileKind } from '../../src-main/contract/host-calls.ts'

/** Gives a file to a server, which has no dialog of its own. @throws what the server says of it */
export async function sendFile(file: File, kind: SentFileKind, signal: AbortSignal): Promise<ChosenFile> {
  const answer = await fetch(`files?kind=${kind}`, { method: 'POST', body: file, signal })
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
