import { IsIn, Matches } from 'class-validator';
import { MayBeLeftOut } from '@app/http';

export class RecomputationDto {
  /** 自何时起: only awards about which something was recorded after this position, or on this day or later; with `facts=current` also those whose payee's dossier has gone on since. */
  @MayBeLeftOut()
  @Matches(/^(\d{1,15}|\d{4}-\d{2}-\d{2})$/, { message: 'since must be a position or a day written YYYY-MM-DD' })
  since?: string;

  /** 政策包; every one when left out. */
  @MayBeLeftOut()
  @Matches(/^[a-z0-9][a-z0-9-]{0,63}$/, { message: 'pack must be a pack id such as "ganzhou-etdz-2023"' })
  pack?: string;

  /** `stored`: the facts each assessment was made from (default). `current`: what the dossiers hold today for the same days. */
  @MayBeLeftOut()
  @IsIn(['stored', 'current'])
  facts?: 'stored' | 'current';

  /** `records` (default), or `ledger`: every award is read from its own events, which takes several times as long. */
  @MayBeLeftOut()
  @IsIn(['records', 'ledger'])
  from?: 'records' | 'ledger';
}
