import { type HostCalls, type HostEvents, hostCalls } from './host-calls.ts'
import { type LibraryEvents, type PageCalls, pageCalls } from './library-calls.ts'

/** All that a window may ask: what a page asks of the library, and what it asks of its host. */
export const windowCalls = { ...pageCalls, ...hostCalls }
export type WindowCalls = PageCalls & HostCalls
export type WindowEvents = LibraryEvents & HostEvents
