import type { Column } from '../resources/resource.ts';

/** Columns of built-in kinds by kind (or apiVersion/kind). Kinds without a row show name and age. */
export const builtinColumns: Record<string, readonly Column[]> = {};
