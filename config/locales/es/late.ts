/** Español: lo que llegó tarde, no se pudo leer o fue demasiado. */
export const sayings = {
  "late.ran": "Enviado {sent} según el reloj del servidor, llegado {arrived}.",
  "late.arrived": "Llegó tarde, {arrived}.",
  "late.unread": "Todavía no se ha leído todo lo que se dijo aquí mientras tanto.",
  "late.gap": "No se pudo leer todo lo que se dijo en {room}. Preguntad allí si falta algo: lo que no he contestado, no lo he leído. Un alto hay que decirlo otra vez.",
  "late.unreadable": "{who}: {count, plural, one {no puedo leer tu mensaje} many {no puedo leer # mensajes tuyos} other {no puedo leer # mensajes tuyos}} (desde {since}). Nada de lo que dice ha contado, un alto tampoco.",
  "late.unreadable-cure": "Abre la aplicación en un teléfono verificado, quédate un minuto en línea y envíalo otra vez. Si no ayuda, verifica tu dispositivo con el otro.",
  "late.unreadable-withheld": "Tu aplicación me niega la clave: verifica este dispositivo con el otro, o envíalo otra vez desde un teléfono verificado.",
  "late.waiting-full": "Más de {count, number} mensajes esperan su clave. Se dan por perdidos los últimos de quien más ha enviado; los de los demás se quedan.",
  "quota.too-fast": "Demasiado rápido: leo como mucho {most, number} órdenes de una persona por minuto. Lo que envíes hasta que hagas una pausa no se lee como orden. Un alto, un acuse de recibo y una respuesta siempre cuentan.",
  "quota.not-read": "{count, plural, one {Tu mensaje anterior no se leyó como orden: envíalo otra vez si sigue valiendo.} many {Tus # mensajes anteriores no se leyeron como órdenes: envía otra vez lo que siga valiendo.} other {Tus # mensajes anteriores no se leyeron como órdenes: envía otra vez lo que siga valiendo.}}",
  "quota.too-many-open": "No se hizo: tienes {most, number} cosas abiertas en este caso (tareas, alertas, entregas), no caben más. Termina algunas primero. Un alto siempre cuenta.",
  "clock.jumped": "La máquina estuvo dormida, o se adelantó su reloj, {by}. Lo tomo por una parada: lo que se dijo mientras tanto se lee como tardío, y lo que vencía llega ahora.",
  "clock.after-jump": "Esto venció mientras la máquina dormía, o porque se adelantó su reloj.",
  "clock.behind": "El reloj de la máquina dice {wall}. Eso es antes de lo que consta, así que no le creo y sigo con mi propia cuenta: {now}. Avisos y alarmas siguen. Pon en hora el reloj de la máquina.",
  "clock.far-ahead": "El reloj de la máquina dice {wall}, más de un día después de mi propia cuenta: {now}. No le creo y sigo con la mía; avisos y alarmas siguen. Pon en hora el reloj de la máquina. Si es correcto, reiníciame: lo que vencía llega entonces.",
} as const;
export const words = {} as const;
