import type { EventScanNode, KvReadNode, ProfileScanNode, SequenceScanNode } from '@tessera/audience';

/** Leaves that are judged from columns; the others (universe, lists, snapshots) are stored as rows or bitmaps of guids. */
export type ScanNode = ProfileScanNode | KvReadNode | EventScanNode | SequenceScanNode;

/** Something with at most one row a guid, in a column `sys_guid`, to be joined under its alias. Colocated with the users. */
export interface Relation {
  readonly alias: string;
  /** A back-quoted table or a sub-select in brackets. */
  readonly sql: string;
  /**
   * A relation of distinct values and not of guids: joined by this condition, broadcast; null: joined by guid, colocated.
   */
  readonly joinedBy: string | null;
}

/** A leaf over its relations. */
export interface LeafSql {
  /** True for members. NULL and false for others; in `NOT` and sums it has to be wrapped in `ifnull(…, false)`. */
  readonly condition: string;
  /** Aliases of the relations that it looks at, in the order of joining. */
  readonly relations: readonly string[];
  /** True: guids without a row in the relations may be members too, so it must be asked of the users joined to them. */
  readonly holdsWithoutRow: boolean;
}
