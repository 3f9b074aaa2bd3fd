import { type ErrorCode, exitStatusByCode, toErrorRecord } from '../contract/errors.ts'

/** Where a command speaks: answers on stdout, everything else on stderr. */
export interface Output {
  readonly json: boolean
  /** The answer: one JSON line with `--json`, else the text for people. */
  answer(data: unknown, text: string): void
  /** Something to know on the way, which is no part of the answer. */
  note(sentence: string): void
}

export function createOutput(json: boolean): Output {
  return {
    json,
    answer: (data, text) => void process.stdout.write(`${json ? JSON.stringify(data) : text}\n`),
    note: (sentence) => void process.stderr.write(`${sentence}\n`),
  }
}

/** What to do next, where that is always the same. */
const hints: Partial<Record<ErrorCode, string>> = {
  DATABASE_DAMAGED: 'See "lenslore restore".',
  PHOTO_NOT_FOUND: '"lenslore search" lists those that there are, and "lenslore run" takes in what is new.',
}

/**
 * Says in one sentence on stderr what went wrong.
 * @returns the exit status that belongs to it.
 */
export function reportError(thrown: unknown): number {
  const { code, message } = toErrorRecord(thrown)
  const hint = hints[code]
  process.stderr.write(`lenslore: ${message}${hint ? ` ${hint}` : ''}\n`)
  if (code === 'INTERNAL' && process.env.LENSLORE_DEBUG && thrown instanceof Error) {
    process.stderr.write(`${thrown.stack}\n`)
  }
  return exitStatusByCode[code]
}

/** One sentence about what spoils no answer; it takes the place of a line of progress. */
export function noteProblem(message: string): void {
  process.stderr.write(`${process.stderr.isTTY ? '\r\x1b[2K' : ''}lenslore: ${printable(message)}\n`)
}

/**
 * Text in the file's own words, safe to show in a line: a break stands there as a sign, and control characters of a name must not
 * drive a terminal.
 */
export function printable(text: string): string {
  return (
    text
      .replace(/[ \t]*(\r\n|[\n\v\f\r\u0085\u2028\u2029])[ \t]*/g, ' ⏎ ')
      .replaceAll('\t', ' ')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is about
      .replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd')
  )
}
