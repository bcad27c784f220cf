# At installation: the manual and the completion scripts, as the program itself prints them.
#   PROGRAM, WORK (a folder to write them to) and CMAKE_INSTALL_PREFIX are set.
file(REMOVE_RECURSE ${WORK})
foreach(shell bash/share/bash-completion/completions/cbench zsh/share/zsh/site-functions/_cbench
        fish/share/fish/vendor_completions.d/cbench.fish)
  string(REGEX MATCH "^([a-z]+)/(.*)$" matched ${shell})
  set(file ${WORK}/${CMAKE_MATCH_2})
  set(name ${CMAKE_MATCH_1})
  get_filename_component(folder ${file} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  execute_process(COMMAND ${PROGRAM} completion ${name} OUTPUT_FILE ${file} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
execute_process(COMMAND ${PROGRAM} man --to ${WORK}/share/man COMMAND_ERROR_IS_FATAL ANY)
file(INSTALL ${WORK}/share DESTINATION ${CMAKE_INSTALL_PREFIX} USE_SOURCE_PERMISSIONS)
