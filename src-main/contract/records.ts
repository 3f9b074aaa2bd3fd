import type { ErrorRecord } from './errors.ts'
import type { CompanionKind } from './file-pairs.ts'
import type { Precision, ProviderName, ProviderTrial, Way } from './providers.ts'
import type { QueryNote } from './query-filters.ts'

/** Times are milliseconds since 1970 UTC in `…Ms`; `takenAt` is the camera's own wall clock. */

export const captionSources = ['person', 'imported', 'model'] as const
/** In order of precedence: what a person wrote beats what came with the file, which beats the model. */
export type CaptionSource = (typeof captionSources)[number]

/** What a model thinks of its own words; of anybody else's there is no doubt. */
export interface CaptionDoubt {
  /** Probability that the caption is right; null where the model was not calibrated. */
  confidence: number | null
  isUnsure: boolean
  /** UTF-16 offsets of the words that are likely to be wrong, also in captions that are sure as a whole. */
  doubtfulWords: [start: number, end: number][]
}

/** Of captions by people, and by models that were never calibrated. */
export const noDoubt: CaptionDoubt = { confidence: null, isUnsure: false, doubtfulWords: [] }

export interface Caption extends CaptionDoubt {
  id: number
  photoId: number
  /** Without words where a model saw nothing but one colour. */
  text: string
  source: CaptionSource
  modelId: string | null
  adapterId: string | null
  /** At which a model wrote it; null where that was not recorded. */
  precision: Precision | null
  /** BCP 47, where known. */
  language: string | null
  score: number | null
  /** Content hash of the picture it describes, lower-case hex. */
  contentHash: string | null
  createdMs: number
  isCurrent: boolean
  /** Only the beginning of what a file says, which is longer than is kept: never written out. */
  isCut: boolean
}

export type FolderState = 'online' | 'offline'

export interface Folder {
  id: number
  path: string
  state: FolderState
  addedMs: number
  scannedMs: number | null
  photos: number
  /** Why it is offline: gone, empty where it was full, not to be read, or another drive in its place. */
  offlineReason: 'gone' | 'emptied' | 'unreadable' | 'other-volume' | null
  /** How changes are noticed at present; null while the folder is not watched. */
  watchMode: 'watching' | 'polling' | null
  /** A sentence: why it is polled. */
  watchReason: string | null
  /** Globs of what is left alone below it. */
  excludes: string[]
  /** Whether captions are written into sidecars whenever they change. */
  exportsAlways: boolean
}

export interface AddedFolder extends Folder {
  /** Paths of folders that it took the place of, with all their photos: they lie in it. */
  joined: string[]
}

export interface Photo {
  id: number
  folderId: number
  /** Absolute path in the form of `file-name.ts` (bytes that are no UTF-8 are kept, escaped). */
  path: string
  sizeBytes: number
  modifiedMs: number
  contentHash: string | null
  /** Of the picture as it is shown, upright; null where nothing tells it yet. */
  widthPx: number | null
  heightPx: number | null
  /** How the file says that its pixels are to be turned, as EXIF numbers it. */
  orientation: number | null
  /** The file ends before its picture does. */
  isCutOff: boolean
  /** As the camera's clock showed, or as much of it as is known; `taken-date.ts` says in which form. */
  takenAt: string | null
  takenOffsetMinutes: number | null
  camera: string | null
  lens: string | null
  latitude: number | null
  longitude: number | null
  error: ErrorRecord | null
  /** Since when the file is gone from a folder that is online. */
  missingSinceMs: number | null
  /** It is out of sight only because its place is left alone. */
  isExcluded: boolean
  folderState: FolderState
}

/** A file that is a part of a photo beside its own. */
export interface Companion {
  /** Absolute path in the form of `file-name.ts`. */
  path: string
  kind: CompanionKind
  sizeBytes: number
  modifiedMs: number
}

/** Words of which a file may say more than is kept. */
export type CutField = 'title' | 'captions' | 'keywords' | 'people' | 'places' | 'creators' | 'copyright'

/** What the person, the file, sidecars and Google Takeout say besides captions, joined by precedence. */
export interface ImportedWords {
  title: string | null
  keywords: string[]
  /** Regions are fractions of the picture's width and height. */
  people: { name: string; region: { left: number; top: number; width: number; height: number } | null }[]
  /** From the smallest to the largest. */
  places: string[]
  /** Who made the picture. */
  creators: string[]
  copyright: string | null
  /** -1 (rejected) to 5. */
  rating: number | null
  isFavorite: boolean
  /** Where it came from; `person`: set in the program. */
  sources: {
    kind: 'person' | 'sidecar' | 'takeout' | 'embedded'
    /** '' for the photo itself. */
    name: string
    /** Why it cannot be read any more. */
    problem: string | null
    /** Of what there is more in the file than is kept. */
    cut: CutField[]
  }[]
}

export type MarkKind = 'rating' | 'favorite' | 'title' | 'keyword' | 'person'

/** One thing that a person said of a photo besides captions. */
export interface Mark {
  kind: MarkKind
  /** Of a keyword or a person; else ''. */
  name: string
  /**
   * -1 (rejected) to 5; 1 for a favourite and 0 for none; a title, '' for none at all, null for that of files; 1 for a name
   * that is there and 0 for one that is not, whatever files say.
   */
  value: number | string | null
  markedMs: number
  isCurrent: boolean
  isTakenBack: boolean
}

/** Where a photo was taken, by a gazetteer from its position: nobody's words. Names as GeoNames and English have them. */
export interface DerivedPlace {
  /** The nearest one within 25 km. */
  town: string | null
  /** The larger one that the town is a part of. */
  city: string | null
  country: string
  /** ISO 3166-1 alpha-2. */
  countryCode: string
}

export interface PhotoDetails extends Photo {
  /** The raw file of a JPEG, the video of a Live Photo, by name. */
  companions: Companion[]
  words: ImportedWords
  /** Null for a photo without a position, for one that is nowhere, and for one that was not looked up yet. */
  place: DerivedPlace | null
  /** All that a person ever said of it besides captions, newest first. */
  marks: Mark[]
  caption: Caption | null
  /** All captions ever, newest first. */
  history: Caption[]
  /** The picture is no longer the one the current caption describes. */
  pictureChanged: boolean
  /** Ids of the other photos whose files have exactly this content. */
  duplicates: number[]
  /** The stack that it is in (`stackOf` has its photos): how many they are, and which stands for all. */
  stack: { photos: number; best: number; kind: CopyKind } | null
  thumbnailPath: string | null
  /** Whether a copy is kept that shows all of it, also while its file is not there. */
  isCopyKept: boolean
}

/** The same bytes; the same picture in a file that says other things of it; or nearly the same picture. */
export type CopyKind = 'exact' | 'picture' | 'near'

/** A photo among others that show the same picture, or nearly. */
export interface StackPhoto {
  id: number
  /** Absolute path in the form of `file-name.ts`. */
  path: string
  /** SHA-256, lower-case hex. */
  contentHash: string
  sizeBytes: number
  widthPx: number | null
  heightPx: number | null
  /** Variance of the Laplacian at one size for all, in grey levels squared: to be compared within a stack. Null: nobody looked yet. */
  sharpness: number | null
  /** Null: none; -1 rejected. */
  rating: number | null
  isFavorite: boolean
  /** A person said that it is to stand for its stack. */
  isChosen: boolean
  /** How like it is to the one that stands for the stack; null for that one. */
  kind: CopyKind | null
}

/** Photos that show the same picture, or nearly: two to 500. */
export interface Stack {
  /** Another one when the stack is found again. */
  id: number
  /** What holds for all of them. */
  kind: CopyKind
  /** The photo that stands for it, and those with the most pixels and the sharpest picture. */
  best: number
  largest: number
  /** Null where nobody looked yet. */
  sharpest: number | null
  photos: StackPhoto[]
}

export interface StackPage {
  stacks: Stack[]
  /** Pass back for the next page; null at the end. */
  cursor: string | null
  /** How many stacks there are in the whole library, and photos in them. */
  library: { stacks: number; photos: number }
}

/** How a photo was taken, as its file says; what it does not say is null. */
export interface Exposure {
  seconds: number | null
  /** The f-number. */
  aperture: number | null
  iso: number | null
  focalLengthMm: number | null
}

export interface SearchHit {
  id: number
  path: string
  caption: string | null
  captionSource: CaptionSource | null
  /** The caption is a model's, which doubts it. */
  isUnsure: boolean
  /** Why it cannot be read or captioned. */
  error: ErrorRecord | null
  /** A short plain-text excerpt around the matches. */
  snippet: string
  /** Start and end (UTF-16 offsets in `snippet`) of every match. */
  marks: [start: number, end: number][]
}

export interface SearchPage {
  /** How many photos match; where `totalIsExact` is false, at least so many. */
  total: number
  totalIsExact: boolean
  /** With their cosines where the search says what they are to look like: then the nearest come first. */
  photos: (SearchHit & { cosine?: number })[]
  /** Pass back for the next page; null at the end. */
  cursor: string | null
  /** What was searched for instead, where a word of the query was found nowhere. */
  corrected: string | null
  /** What of the query was not searched. */
  notes: QueryNote[]
}

/** A picture as a query says that photos are to look like it. */
export interface LikedPicture {
  /** Such as `like:12`. */
  term: string
  /** The photo of the library that it is; null where it is none. */
  photo: number | null
}

/** Photos that look like what a search says in words, and do not say it. */
export interface AlikePage {
  /** The words that they were compared with; '' where the search has none. */
  text: string
  /** The likeliest first, never more than are plausibly right. */
  photos: (SearchHit & {
    /** A cosine, less for what lies near every text, and more for what says some of the words. */
    likeness: number
  })[]
}

/** Of the photos that a search finds, how many have what; photos of two people count for both. */
export interface SearchFacets {
  photos: number
  /** Whether all photos that match were counted, or of very many only the newest. */
  isExact: boolean
  /** By rating, from -1 (rejected) over 0 (not rated) to 5 stars. */
  ratings: { rating: number; photos: number }[]
  favorites: number
  /** The 50 most frequent at most, as they are written. */
  people: { name: string; photos: number }[]
  keywords: { name: string; photos: number }[]
  cameras: { name: string; photos: number }[]
  lenses: { name: string; photos: number }[]
  /** Towns and countries, as files state them or positions lie. */
  places: { name: string; photos: number }[]
  folders: { folderId: number; photos: number; hasSubfolders: boolean }[]
  /** By kind of caption and state. */
  kinds: Record<FacetKind, number>
}

/** Of the photos that a search finds, how many are below each directory of a folder that has any, by name. */
export interface Subfolders {
  subfolders: {
    /** Of the directory alone, in the form of `file-name.ts`. */
    name: string
    photos: number
    hasSubfolders: boolean
  }[]
  /** Whether these are all; a directory may have thousands. */
  isWhole: boolean
}

export type FacetKind = CaptionSource | 'none' | 'unsure' | 'failed' | 'missing' | 'offline'

/** Something that the library has, to go on with what is being typed. */
export interface Suggestion {
  /** `correction`: what the word may have been meant to be. */
  kind: 'word' | 'person' | 'keyword' | 'place' | 'folder' | 'camera' | 'lens' | 'correction'
  /** What is shown. */
  text: string
  /** The whole query with it in the place of what was typed. */
  query: string
  photos: number
}

export interface SavedSearch {
  id: number
  name: string
  query: string
}

/** What a person chose for the library, whoever shows it. */
export interface Preferences {
  theme: 'system' | 'light' | 'dark'
  /** BCP 47; null: the system's. */
  language: string | null
  /** Caption only while nobody uses the machine. */
  onlyWhenIdle: boolean
  /** Caption only while the machine is on mains. */
  onlyOnMains: boolean
  /** Of the processor, for the model; null: one less than there are. */
  threads: number | null
  /**
   * Where the engine's process takes more than so many MiB, it is ended after the batch under way and started anew, with batches
   * of half the size, and from one picture at a time not again: a model may need more by itself. Null: no bound.
   */
  memoryMb: number | null
  provider: 'auto' | ProviderName
  precision: 'auto' | Precision
}

/** Of the photos that a query finds, in columns: how many there are of each month, by the clocks of their cameras. */
export interface Timeline {
  /** `YYYY-MM`, the newest first. */
  months: string[]
  photos: number[]
  total: number
  /** Whether all photos that match were counted, or of very many only the newest. */
  isExact: boolean
  /** Another one as soon as another photo is found, one less, or in another order. */
  token: string
}

/** Of the photos that a query finds, of each month that was asked for. */
export interface MonthCounts {
  captioned: number[]
  /** Captions that their model doubts. */
  unsure: number[]
  /** On drives that are not connected. */
  offline: number[]
}

/** Photos in the order of the timeline, in columns of one length `n`. */
export interface TimelinePage {
  /** The place of the first. */
  offset: number
  /** As `Timeline` has it, of the moment this was read. */
  token: string
  ids: Uint32Array
  /** When it was taken by its camera's clock, or else written, as if that were UTC. */
  sortMs: Float64Array
  /** Width by height of the upright picture; 0 where it is not known yet. */
  ratios: Float32Array
  /** `[n, 3]` sRGB: the picture's mean colour; grey where there is no thumbnail yet. */
  colors: Uint8Array
  /** `[n, 8]`: the first bytes of the content's SHA-256; zeros where the file was not read yet. */
  hashes: Uint8Array
  /** Bits of `tile-flags.ts`. */
  flags: Uint16Array
  /** How many photos are in its stack, with it; 0 where it has none. */
  stacked: Uint16Array
}

/** What a tile shows of its photo besides the picture. */
export interface Tile {
  id: number
  /** Of the file, to be shown. */
  name: string
  caption: string | null
  captionSource: CaptionSource | null
  isUnsure: boolean
  doubtfulWords: CaptionDoubt['doubtfulWords']
  /** Null: none; -1 rejected. */
  rating: number | null
  isFavorite: boolean
  /** How many photos are in its stack, with it; 0 where it has none. */
  stacked: number
  /** About 25 bytes that a blurred picture is made of (thumbhash); null where there is no thumbnail yet. */
  thumbhash: Uint8Array | null
  error: ErrorRecord | null
}

/** A beam of the model: what it might have said of a photo. */
export interface Reading {
  text: string
  /** Length-normalised log-probability. */
  score: number
}

/** Where in the picture the model looks while it says a text word by word. */
export interface TextAttention {
  text: string
  rows: number
  columns: number
  words: {
    /** UTF-16 offsets in the text. */
    start: number
    end: number
    /** `[rows * columns]`, row by row, of the upright picture as the model got it, summing to at most 1. */
    weights: Float32Array
  }[]
  /** The part of the upright picture that the model saw, in fractions of its width and height. */
  seen: { left: number; top: number; width: number; height: number }
}

/** How far one piece of long work is. */
export interface Progress {
  /**
   * `search`: the index is brought up to date. `change`: captions or marks are changed in one edit. `revert`: one that
   * was stopped is taken back. `forget`: photos of a folder
   * that was removed. `join`: those of folders that lie in one that was added become its own. `plan`: what an import or export would do. `import`: a table. `export`: sidecars, or a table. `open`: a model.
   * `trial`: how it runs best. `embed`: photos that have their words are looked at for what they mean. `stack`: photos that are nearly the same are found. `prepare`, `teach`: an adapter, on photos and in steps. `update`: a library of an older version, before
   * it is open.
   */
  phase:
    | 'scan'
    | 'caption'
    | 'search'
    | 'places'
    | 'change'
    | 'revert'
    | 'forget'
    | 'join'
    | 'check'
    | 'plan'
    | 'import'
    | 'export'
    | 'undo'
    | 'backup'
    | 'open'
    | 'trial'
    | 'embed'
    | 'stack'
    | 'prepare'
    | 'teach'
    | 'update'
  /** What is counted. */
  unit: 'files' | 'photos' | 'rows' | 'bytes' | 'ways' | 'steps'
  done: number
  total: number
  failed: number
  /** Over the last half minute. */
  perSecond: number
  remainingMs: number | null
}

/** A directory below a folder that could not be listed. */
export interface UnreadableDirectory {
  path: string
  /** The file system's own code: EACCES, EIO … */
  code: string
}

export interface LibraryStatus {
  directory: string
  photos: number
  captioned: number
  failed: number
  missing: number
  /** Out of sight because their places are left alone. */
  excluded: number
  waiting: number
  /** Files that are a part of a photo beside its own. */
  companions: Record<CompanionKind, number>
  folders: Folder[]
  /** Those that could not be listed when they were looked at last. */
  unreadable: UnreadableDirectory[]
  modelId: string | null
  /** What the model runs on, as its open session has it; null while none is open in this process. */
  engine: (Way & { device: string }) | null
  /** How that model runs on this machine, as far as it was tried. */
  providerTrial: ProviderTrial | null
  /** Captions of folders that are always written out, and are still to be; 10,000 stands for more, too. */
  waitingExports: number
  /** Files beside photos that cannot be read at present, and why the first of them cannot. */
  /** Files that look as if they described a photo, and describe none: how many, and some of them, below their folders. */
  straySidecars: { files: number; first: string[] }
  sidecarProblems: { count: number; first: { photoId: number; name: string; message: string }[] }
  /** Files that say more about their photo than is kept, and of what there is more in the first of them. */
  cutWords: { count: number; first: { photoId: number; name: string; fields: CutField[] }[] }
  captioning: CaptioningState
  /** All long work under way in this process. */
  progress: Progress[]
}

/** Another machine that captions. */
export interface WorkerState {
  name: string
  version: string
  /** In words; null before it had a model open. */
  device: string | null
  provider: ProviderName | null
  precision: Precision | null
  modelId: string | null
  photosPerSecond: number
  captioned: number
  /** `silent`: nothing was heard of it for a while. */
  state: 'waiting' | 'working' | 'refused' | 'silent'
  /** How long ago it was heard of. */
  heardOfMs: number
  /** How long it has been in that state. */
  forMs: number
  /** Why it is refused, or what keeps it: a sentence. */
  problem: string | null
}

export interface WorkersStatus {
  workers: WorkerState[]
  /** Libraries that were heard of. */
  libraries: number
  /** Of all libraries: jobs of up to 32 pictures that no worker has taken yet, and those that one has. */
  waitingJobs: number
  activeJobs: number
}

/** Of captioning in this process. */
export interface CaptioningState {
  /** `waiting`: it goes on by itself, with an engine, of which there is none at present, or when the machine is free for it. */
  state: 'stopped' | 'running' | 'paused' | 'waiting'
  /** Why there is no engine. */
  problem: ErrorRecord | null
  /** Why the machine is not free: somebody uses it, or it is not on mains, and the preferences are so. */
  waitsFor: 'idle' | 'mains' | null
}
