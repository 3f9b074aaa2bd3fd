/**
 * The file system's codes for a file that is there and cannot be had at the moment: the drive or the server does not
 * answer, or the system is out of something. They pass by themselves; whoever meets one tries again.
 */
const passing = new Set([
  'EIO',
  'ESTALE',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETRESET',
  'ENETUNREACH',
  'ENOTCONN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EREMOTEIO',
  'ENXIO',
  'ENODEV',
  'EAGAIN',
  'EBUSY',
  'EINTR',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
])

export function isPassing(code: string | undefined): boolean {
  return code !== undefined && passing.has(code)
}
