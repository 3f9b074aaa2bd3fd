import { openDatabase } from '../../../src-main/library/store/database.ts'
import { migrate, readMigrations } from '../../../src-main/library/store/migrate.ts'

/** The version that `makeOldLibrary` makes: the first that has captions. */
export const oldVersion = 20

/** The database of an early version, with photos of which every other one has a person's words. */
export function makeOldLibrary(file: string, photos: number): void {
  const database = openDatabase(file)
  migrate(
    database,
    readMigrations().filter(({ version }) => version <= oldVersion),
  )
  const numbers = `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${photos})`
  database.write(() =>
    database.exec(`
      INSERT INTO folders (id, path, added_ms) VALUES (1, '/pictures', 1);
      ${numbers} INSERT INTO photos (id, folder_id, directory, name, size_bytes, modified_ms, device, inode,
          content_hash, indexed_ms, sort_ms)
        SELECT n, 1, 'year ' || n / 1000, 'IMG_' || n || '.jpg', n, n, 1, n, randomblob(32), n, n FROM numbers;
      ${numbers} INSERT INTO captions (id, photo_id, text, source, created_ms)
        SELECT n, n, 'what a person wrote about photo ' || n, 'person', n FROM numbers WHERE n % 2 = 0;
      UPDATE photos SET caption_id = id, caption_source = 'person' WHERE id % 2 = 0;`),
  )
  database.close()
}
