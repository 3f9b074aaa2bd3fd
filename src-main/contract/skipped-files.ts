import { extensionOf } from './picture-names.ts'

/** What a folder has besides photos. `picture`: of a kind that is not read. */
export const skippedKinds = ['video', 'picture', 'audio', 'document', 'other'] as const
export type SkippedKind = (typeof skippedKinds)[number]

export interface SkippedFiles {
  kind: SkippedKind
  /** In lower case, without the dot; '' for names without one. */
  extension: string
  files: number
}

/** Longer ones are no extensions, and a folder may have a different one for each file. */
const longestExtension = 8

const extensionsOf: Readonly<Record<Exclude<SkippedKind, 'other'>, string>> = {
  video:
    '3g2 3gp asf avi braw dv f4v flv insv lrv m2t m2ts m2v m4v mkv mod mov mp4 mpe mpeg mpg mts mxf ogv qt rm tod ts vob webm wmv',
  picture:
    'ai cdr cr dds djvu eip emf eps exr fits fpx hdr icns ico indd jpm jxr lrf miff pcd pct pcx pfm pict ps qoi ras sgi svg svgz wbmp wdp wmf xbm xcf xpm',
  audio: 'aac aif aiff amr ape flac m4a mid mp3 oga ogg opus wav wma',
  document: 'csv doc docx epub htm html key md numbers odp ods odt pages pdf ppt pptx rtf tsv txt xls xlsx',
}

const kindByExtension = new Map(
  Object.entries(extensionsOf).flatMap(([kind, extensions]) =>
    extensions.split(' ').map((extension) => [extension, kind as SkippedKind] as const),
  ),
)

/** The kind of a file that is passed over, by its name. */
export function skippedOf(name: string): Pick<SkippedFiles, 'kind' | 'extension'> {
  const extension = extensionOf(name)
  if (extension.length > longestExtension) return { kind: 'other', extension: '' }
  return { kind: kindByExtension.get(extension) ?? 'other', extension }
}

/** Adds counts to those that there are. */
export function addSkipped(skipped: SkippedFiles[], more: readonly SkippedFiles[]): void {
  for (const { kind, extension, files } of more) {
    const known = skipped.find((each) => each.extension === extension)
    if (known) known.files += files
    else skipped.push({ kind, extension, files })
  }
}
