import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { textFromFileName } from '../../contract/file-name.ts'
import { nativePath } from '../../contract/native-path.ts'

/**
 * Which volume a path is on. A volume's id is the same at every mount path and after every restart:
 * Linux: the file system's UUID as udev links it in /dev/disk/by-uuid, else the source of a network mount
 * (`server:/export`); macOS: the volume UUID that `diskutil info` tells; Windows: the volume's serial number,
 * which is what `stat` calls the device.
 */
export interface VolumePlace {
  /** Null where the system tells none (tmpfs, overlay, some fuse file systems). */
  volumeId: string | null
  /** Below the volume's own top, `/` between names. */
  pathOnVolume: string
  /** Such as `ext4` or `nfs4`; null where the system does not tell. */
  fileSystem: string | null
}

/** @throws the file system's own error where the path is not there. */
export function volumeOf(path: string): VolumePlace {
  const real = textFromFileName(realpathSync.native(nativePath(path), 'buffer'))
  if (process.platform === 'linux') return linuxVolume(real)
  if (process.platform === 'darwin') return macVolume(real)
  const { root } = splitRoot(real)
  return {
    volumeId: `serial:${statSync(nativePath(real)).dev.toString(16)}`,
    pathOnVolume: withSlashes(relative(root, real)),
    fileSystem: null,
  }
}

/** Where a place on a volume is at present: one path for every mount of the volume. */
export function pathsOnVolume(volumeId: string, pathOnVolume: string): string[] {
  return mountsOf(volumeId, pathOnVolume).filter((path) => {
    try {
      return statSync(nativePath(path)).isDirectory()
    } catch {
      return false
    }
  })
}

/** Whether another machine may change what is there without this one being told. */
export function isRemote(fileSystem: string | null): boolean {
  return (
    fileSystem !== null && /^(nfs|cifs|smb|9p|afs|ceph|gluster|fuse\.|davfs|webdav|virtiofs)/.test(fileSystem)
  )
}

function mountsOf(volumeId: string, pathOnVolume: string): string[] {
  if (process.platform === 'linux') {
    return readMounts()
      .filter((mount) => linuxVolumeId(mount) === volumeId)
      .map((mount) => [mount, withoutPrefix(`/${pathOnVolume}`, mount.root)] as const)
      .filter(([, below]) => below !== undefined)
      .map(([mount, below]) => join(mount.mountPoint, below!))
  }
  if (process.platform === 'darwin') {
    return readdirSync('/Volumes')
      .map((name) => join('/Volumes', name))
      .filter((mountPoint) => volumeIdOrNull(mountPoint) === volumeId)
      .map((mountPoint) => join(mountPoint, pathOnVolume))
  }
  return [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']
    .map((letter) => `${letter}:\\`)
    .filter((root) => volumeIdOrNull(root) === volumeId)
    .map((root) => join(root, pathOnVolume))
}

function volumeIdOrNull(path: string): string | null {
  try {
    return volumeOf(path).volumeId
  } catch {
    return null
  }
}

interface Mount {
  /** Of the volume that is mounted: '/' unless it is a bind mount or a subvolume. */
  root: string
  mountPoint: string
  fileSystem: string
  source: string
}

function linuxVolume(real: string): VolumePlace {
  let best: { mount: Mount; below: string } | undefined
  for (const mount of readMounts()) {
    const below = withoutPrefix(real, mount.mountPoint)
    // The last of several mounts on one directory is the one that shows.
    if (below === undefined || (best && mount.mountPoint.length < best.mount.mountPoint.length)) continue
    best = { mount, below }
  }
  if (!best) return { volumeId: null, pathOnVolume: withSlashes(real.slice(1)), fileSystem: null }
  return {
    volumeId: linuxVolumeId(best.mount),
    pathOnVolume: join(best.mount.root, best.below).replace(/^\/+/, ''),
    fileSystem: best.mount.fileSystem,
  }
}

function linuxVolumeId(mount: Mount): string | null {
  if (isRemote(mount.fileSystem)) return `${mount.fileSystem}:${mount.source}`
  if (!mount.source.startsWith('/dev/')) return null
  try {
    const device = realpathSync(mount.source)
    const uuid = readdirSync('/dev/disk/by-uuid').find(
      (name) => realpathSync(join('/dev/disk/by-uuid', name)) === device,
    )
    return uuid === undefined ? null : `uuid:${uuid}`
  } catch {
    return null
  }
}

/** Lines as `36 35 98:0 /root /mount/point rw,noatime shared:1 - ext4 /dev/sda1 rw` (proc_pid_mountinfo(5)). */
function readMounts(): Mount[] {
  const plain = (text: string) =>
    text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [before, after] = line.split(' - ')
      const [, , , root, mountPoint] = before?.split(' ') ?? []
      const [fileSystem, source] = after?.split(' ') ?? []
      if (root === undefined || mountPoint === undefined || !fileSystem || source === undefined) return []
      return [{ root: plain(root), mountPoint: plain(mountPoint), fileSystem, source: plain(source) }]
    })
}

function macVolume(real: string): VolumePlace {
  const [, name] = /^\/Volumes\/([^/]+)/.exec(real) ?? []
  const mountPoint = name === undefined ? '/' : `/Volumes/${name}`
  const told = execFileSync('/usr/sbin/diskutil', ['info', mountPoint], { encoding: 'utf8', timeout: 5000 })
  const uuid = /Volume UUID:\s+(\S+)/.exec(told)?.[1]
  const source = /Device Node:\s+(\S+)/.exec(told)?.[1]
  const kind = /Type \(Bundle\):\s+(\S+)/.exec(told)?.[1] ?? null
  return {
    volumeId: uuid ? `uuid:${uuid}` : isRemote(kind) && source ? `${kind}:${source}` : null,
    pathOnVolume: relative(mountPoint, real),
    fileSystem: kind,
  }
}

function splitRoot(path: string): { root: string } {
  return { root: path.slice(0, path.indexOf(sep) + 1) }
}

/** `path` below `prefix`; undefined where it is not. */
function withoutPrefix(path: string, prefix: string): string | undefined {
  if (prefix === '/') return path.slice(1)
  if (path === prefix) return ''
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length + 1) : undefined
}

function withSlashes(path: string): string {
  return path.replaceAll(sep, '/')
}
