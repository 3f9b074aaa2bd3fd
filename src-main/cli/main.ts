#!/usr/bin/env -S node --max-semi-space-size=1
// The option: with a million photos, V8 would otherwise keep forty megabytes more for objects that are soon gone, in
// this thread and in those that look at the disk.
import { enableCompileCache, getCompileCacheDir } from 'node:module'

// Halves the time to the first word of an answer, here and (through the environment) in the processes and
// threads started from here. It only works for what is imported after it.
enableCompileCache()
const cache = getCompileCacheDir()
if (cache) process.env.NODE_COMPILE_CACHE ??= cache
const { runCommandLine } = await import('./command-line.ts')
process.exitCode = await runCommandLine(process.argv.slice(2))
const { isReadUnanswered } = await import('../files/regular-file.ts')
if (isReadUnanswered()) (await import('../files/end-process.ts')).endProcess(process.exitCode)
