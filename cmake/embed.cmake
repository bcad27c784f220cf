# Writes each file of TEXTS as `{"name", R"cbp(text)cbp"},` to OUTPUT.
set(out "")
foreach(policy ${TEXTS})
  get_filename_component(name ${policy} NAME_WE)
  file(READ ${policy} text)
  string(APPEND out "{\"${name}\", R\"cbp(${text})cbp\"},\n")
endforeach()
file(WRITE ${OUTPUT} "${out}")
