import type { AdapterDescription, AdapterTexts } from '../../contract/adapters.ts'
import type { Adapter, AdapterChange, AdapterFigures } from '../../contract/rooms/adapters.ts'
import type { Database } from './database.ts'

/** The adapters of a library, and which of them captioned in the place of which. Their files are not the store's. */
export interface AdapterStore {
  /** The newest first. */
  list(): Adapter[]
  byId(id: string): Adapter | undefined
  /** One that is known already stays as it is. @param learned contents whose labels it learned */
  add(adapter: NewAdapter, learned: readonly string[], nowMs: number): void
  describe(id: string, texts: Partial<Pick<AdapterTexts, 'name' | 'note'>>): void
  keep(id: string): void
  setMeasured(id: string, measured: AdapterFigures): void
  /** Its turns go too; what it learned stays known. */
  remove(id: string): void
  /** Contents whose labels it learned. */
  learned(id: string): Set<string>
  /** The adapter that captions in the place of another from now on. */
  beginTurn(turn: { model: string; adapterId: string; beforeId: string | null }, nowMs: number): void
  /** The last turn of an adapter with this model; undefined where it never had one. */
  lastTurn(model: string, adapterId: string): { position: number; beforeId: string | null } | undefined
  endTurn(position: number): void
  /** Photos that an adapter describes in other words than the one that described them last before, the newest captions first. */
  changes(modelId: string, adapterId: string, limit: number): AdapterChange[]
}

export interface NewAdapter {
  description: AdapterDescription
  parent: string | null
  origin: Adapter['origin']
  state: Adapter['state']
  texts: AdapterTexts
}

interface AdapterRow {
  id: string
  base_model: string
  parent: string | null
  origin: Adapter['origin']
  state: Adapter['state']
  name: string
  note: string
  created_ms: number | null
  added_ms: number
  shape: string
  names: string
  data: string
  metrics: string
  measured: string | null
}

export function createAdapterStore({ prepare, write }: Database): AdapterStore {
  return {
    list: () => prepare<AdapterRow>('SELECT * FROM adapters ORDER BY added_ms DESC, id').all().map(toAdapter),

    byId(id) {
      const row = prepare<AdapterRow>('SELECT * FROM adapters WHERE id = ?').get(id)
      return row && toAdapter(row)
    },

    add: ({ description, parent, origin, state, texts }, learned, nowMs) =>
      void write(() => {
        const { id, baseModel, names, rank, heads, firstLayer, scale, parameters, sizeBytes } = description
        prepare(
          `INSERT OR IGNORE INTO adapters (id, base_model, parent, origin, state, name, note, created_ms, added_ms,
             shape, names, data, metrics) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        ).run(
          id,
          baseModel,
          parent,
          origin,
          state,
          texts.name,
          texts.note,
          texts.createdMs === null ? null : Math.trunc(texts.createdMs),
          nowMs,
          JSON.stringify({ rank, heads, firstLayer, scale, parameters, sizeBytes }),
          JSON.stringify(names),
          JSON.stringify(texts.data),
          JSON.stringify(texts.metrics),
        )
        const learn = prepare('INSERT OR IGNORE INTO adapter_examples VALUES (?, ?)')
        for (const contentHash of learned) learn.run(id, Buffer.from(contentHash, 'hex'))
      }),

    describe: (id, { name, note }) =>
      void write(() =>
        prepare('UPDATE adapters SET name = ifnull(?, name), note = ifnull(?, note) WHERE id = ?').run(
          name ?? null,
          note ?? null,
          id,
        ),
      ),

    keep: (id) => void write(() => prepare(`UPDATE adapters SET state = 'kept' WHERE id = ?`).run(id)),

    setMeasured: (id, measured) =>
      void write(() =>
        prepare('UPDATE adapters SET measured = ? WHERE id = ?').run(JSON.stringify(measured), id),
      ),

    remove: (id) =>
      void write(() => {
        prepare('DELETE FROM adapters WHERE id = ?').run(id)
        // Who had its turn after it goes back to whom it went back to.
        for (const { model, before_id } of prepare<{ model: string; before_id: string | null }>(
          'DELETE FROM adapter_turns WHERE adapter_id = ? RETURNING model, before_id',
        ).all(id)) {
          prepare('UPDATE adapter_turns SET before_id = ? WHERE model = ? AND before_id = ?').run(
            before_id,
            model,
            id,
          )
        }
      }),

    learned: (id) =>
      new Set(
        prepare<{ hash: string }>(
          'SELECT lower(hex(content_hash)) AS hash FROM adapter_examples WHERE adapter_id = ?',
        )
          .all(id)
          .map(({ hash }) => hash),
      ),

    beginTurn: ({ model, adapterId, beforeId }, nowMs) =>
      void write(() =>
        prepare('INSERT INTO adapter_turns (model, adapter_id, before_id, since_ms) VALUES (?, ?, ?, ?)').run(
          model,
          adapterId,
          beforeId,
          nowMs,
        ),
      ),

    lastTurn: (model, adapterId) =>
      prepare<{ position: number; beforeId: string | null }>(
        `SELECT position, before_id AS beforeId FROM adapter_turns WHERE model = ? AND adapter_id = ?
         ORDER BY position DESC LIMIT 1`,
      ).get(model, adapterId),

    endTurn: (position) =>
      void write(() => prepare('DELETE FROM adapter_turns WHERE position = ?').run(position)),

    changes: (modelId, adapterId, limit) =>
      prepare<AdapterChange>(
        `SELECT photos.id AS photo, former.text AS before, latter.text AS after
         FROM captions AS latter INDEXED BY captions_by_models
           JOIN photos ON photos.caption_id = latter.id
           JOIN captions AS former ON former.id = (
             SELECT max(id) FROM captions WHERE photo_id = photos.id AND source = 'model' AND id < latter.id
               AND model_id = latter.model_id AND adapter_id IS NOT latter.adapter_id
               AND captions.content_hash IS latter.content_hash)
         WHERE latter.source = 'model' AND latter.model_id = ? AND latter.adapter_id = ? AND former.text <> latter.text
         ORDER BY latter.id DESC LIMIT ?`,
      ).all(modelId, adapterId, limit),
  }
}

function toAdapter(row: AdapterRow): Adapter {
  return {
    id: row.id,
    baseModel: row.base_model,
    parent: row.parent,
    origin: row.origin,
    state: row.state,
    name: row.name,
    note: row.note,
    createdMs: row.created_ms,
    addedMs: row.added_ms,
    shape: JSON.parse(row.shape),
    names: JSON.parse(row.names),
    data: JSON.parse(row.data),
    metrics: JSON.parse(row.metrics),
    measured: row.measured === null ? null : JSON.parse(row.measured),
  }
}
