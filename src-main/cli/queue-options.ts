import type { Command } from 'commander'
import { LensloreError } from '../contract/errors.ts'
import { pathFrom } from './path-argument.ts'

/** As they come from the command line. */
export interface QueueArguments {
  queue?: string
  queueUser?: string
  queuePasswordFile?: string
  queueCa?: string
  queueAllowPlain?: boolean
  queueOnly?: boolean
}

/** How a queue is reached, for each command that has one. @param what the queue is for */
export function addQueueOptions(command: Command, flag: '--queue <url>', what: string): Command {
  return command
    .option(flag, what)
    .option('--queue-user <name>', 'user of its access control list (or LENSLORE_QUEUE_USER)')
    .option(
      '--queue-password-file <file>',
      'holds its password (or LENSLORE_QUEUE_PASSWORD, LENSLORE_QUEUE_PASSWORD_FILE)',
    )
    .option('--queue-ca <file>', 'certificate to trust, where yours is by nobody that the system trusts')
    .option('--queue-allow-plain', 'also without TLS or password on another machine: others may read photos')
}

/** For what captions a library. */
export function addLibraryQueueOptions(command: Command): Command {
  return addQueueOptions(
    command,
    '--queue <url>',
    'caption on workers, too, at the queue of rediss://host:port[/database]',
  ).option('--queue-only', 'leave all captions to the workers')
}

/** @returns undefined where no queue is named. */
export function queueOf({
  queue,
  queueUser,
  queuePasswordFile,
  queueCa,
  queueAllowPlain,
  queueOnly,
}: QueueArguments) {
  if (queue === undefined) {
    if (queueOnly) throw new LensloreError('INVALID_ARGUMENT', '--queue-only needs a --queue.')
    return undefined
  }
  return {
    url: queue,
    user: queueUser,
    passwordFile: queuePasswordFile === undefined ? undefined : pathFrom(queuePasswordFile),
    caFile: queueCa === undefined ? undefined : pathFrom(queueCa),
    allowPlain: queueAllowPlain,
    isAlone: Boolean(queueOnly),
  }
}
