/** Spanish: how the bot is. */
export const sayings = {
  "status.well": "Todo está bien.",
  "status.not-well": "{count, plural, one {Una cosa no está} many {# cosas no están} other {# cosas no están}} bien:",
  "status.starting": "No he tenido respuesta del servidor desde que arranqué: aún no se oye nada de lo que se dice.",
  "status.not-synced": "Sin respuesta del servidor desde {since}: no se oye lo que dice la gente.",
  "status.stopping": "Me han pedido que termine y estoy parando.",
  "status.safe-mode": "MODO SEGURO desde {since}: no se puede confiar en mi registro ({why, select, journal_disk_full {el disco está lleno} journal_disk_broken {el disco falla} journal_damaged {su archivo está dañado} journal_in_use {otro proceso lo tiene} journal_older {se puso en su lugar un archivo más antiguo} other {{why}}}).",
  "status.safe-mode-means": "No ejecuto ninguna orden, tampoco un alto, y no anoto nada. Llamaos por teléfono. {told, plural, =0 {No se ha avisado a nadie más.} one {Se ha avisado a una persona responsable.} many {Se ha avisado a # personas responsables.} other {Se ha avisado a # personas responsables.}} Quien opera el sistema: ejecutar  relevo doctor",
  "status.unsent-urgent": "{count, plural, one {# mensaje urgente lleva} many {# mensajes urgentes llevan} other {# mensajes urgentes llevan}} sin salir {waiting}. Llama a quien corresponda.",
  "status.unsent-long": "{count, plural, one {# mensaje no ha salido} many {# mensajes no han salido} other {# mensajes no han salido}}; el más antiguo espera desde hace {waiting}.",
  "status.set-aside": "{count, plural, one {# mensaje falla} many {# mensajes fallan} other {# mensajes fallan}} una y otra vez; otros salen antes.",
  "status.undecryptable": "{count, plural, one {# mensaje no se puede leer} many {# mensajes no se pueden leer} other {# mensajes no se pueden leer}} aún: falta la clave. Quien lo escribió debe enviarlo otra vez.",
  "status.rooms": "No están como deben: {rooms}.",
  "status.rooms-elsewhere": "{count, plural, one {# sala de otro caso no está} many {# salas de otros casos no están} other {# salas de otros casos no están}} como debe.",
  "status.up": "En marcha desde {since}. Última respuesta del servidor: {synced}.",
  "status.up-unheard": "En marcha desde {since}.",
  "status.waits": "En espera: {unsent} por enviar, {inbox} por tratar.",
  "status.case": "{codename}: {moving, plural, =0 {ninguna entrega} one {# entrega} many {# entregas} other {# entregas}} en movimiento, {waiting} en preparación. Último punto de control: {checkpoint}.",
  "status.servers": "{codename}, otros servidores: {servers}.",
  "status.server": "{server}, última señal {at}",
  "status.server-unheard": "{server}, nada desde {since}",
  "status.more": "Cada comprobación con su remedio:  {line}",
} as const;
export const words = {
  "status": { typed: ["estado"], summary: "cómo estoy: qué va mal, qué espera, desde cuándo", params: {} },
} as const;
