import { text } from '../text/text.ts'

/** Why a photo failed, beneath its name: the sentence does not say it again. */
export function failureReason(name: string, message: string): string {
  return message.startsWith(`${name} `) ? text.work.failed.ofFile(message.slice(name.length + 1)) : message
}
