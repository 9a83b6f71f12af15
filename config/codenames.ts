/**
 * Words that a case may be called by. Servers, and anybody who sees a locked phone, can read them: they say nothing about drugs, police, courts,
 * places, states or people, and no two are easily mistaken for each other on a bad line. A word is used once and never again.
 */
export const CODENAMES: readonly string[] = [
  "Accentor", "Albatross", "Antpitta", "Avocet", "Babbler", "Barbet", "Bellbird", "Bittern", "Bowerbird",
  "Brambling", "Bulbul", "Bunting", "Capercaillie", "Cassowary", "Chaffinch", "Chickadee", "Chough", "Cormorant", "Corncrake",
  "Cotinga", "Curlew", "Dabchick", "Dotterel", "Drongo", "Dunnock", "Egret", "Eider", "Fieldfare", "Flamingo",
  "Fulmar", "Fulvetta", "Gadwall", "Gannet", "Garganey", "Godwit", "Goldcrest", "Goldeneye", "Goosander", "Grebe",
  "Grosbeak", "Guillemot", "Hazelhen", "Hermit", "Hillstar", "Hoatzin", "Honeyeater", "Hoopoe", "Hornbill", "Ibis",
  "Jabiru", "Jacana", "Jackdaw", "Junco", "Kakapo", "Kinglet", "Kittiwake", "Kookaburra", "Lapwing", "Longspur",
  "Lorikeet", "Lyrebird", "Mallard", "Manakin", "Merganser", "Minivet", "Moorhen", "Motmot", "Murrelet", "Mynah",
  "Nightingale", "Noddy", "Nunlet", "Nutcracker", "Nuthatch", "Oriole", "Oropendola", "Oystercatcher", "Palmchat", "Parakeet",
  "Pardalote", "Partridge", "Peafowl", "Pelican", "Petrel", "Phalarope", "Pheasant", "Plover", "Pochard", "Potoo",
  "Pratincole", "Prinia", "Ptarmigan", "Puffin", "Quail", "Razorbill", "Redwing", "Rosella", "Sandpiper",
  "Scoter", "Seriema", "Shearwater", "Shelduck", "Shoebill", "Shoveler", "Siskin", "Sittella", "Skylark",
  "Solitaire", "Spinetail", "Spoonbill", "Stork", "Sunbittern", "Tanager", "Tapaculo", "Thrush", "Tinamou", "Toucan",
  "Towhee", "Treecreeper", "Trogon", "Tropicbird", "Turaco", "Turnstone", "Twinspot", "Vireo", "Wagtail", "Wallcreeper",
  "Wheatear", "Whimbrel", "Wigeon", "Woodcock", "Woodpecker", "Yuhina",
];
