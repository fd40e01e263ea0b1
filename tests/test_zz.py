import time, pytest, shlex, re
from tests.played import make_once
from tests import every_world, every_state
from django.test import Client
from django.urls import reverse
from django.contrib.auth.models import User
@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory):
    for each in make_once(django_db_blocker, tmp_path_factory.mktemp("p"), every_world.everything):
        yield each
def test_a(world, db):
    c=Client(raise_request_exception=False); c.force_login(User.objects.get(pk=world["user"]))
    from django.urls import get_resolver
    from tests.test_urls import CONSOLE
    seen=set()
    t0=time.time()
    for line in every_state.CONSOLE.strip().splitlines():
        line, _, form = line.partition(" < ")
        line, _, q = line.partition(" ?")
        name,*rest=line.split()
        who=c
        if name[0]=="-": who=Client(); name=name[1:]
        seen.add(name)
        try: path=reverse("console:"+name,args=[r[1:] if r[0]=="'" else world[r] for r in rest])
        except Exception as e: print("NO", line, repr(e)[:100]); continue
        t=time.time()
        if form: a=who.post(path,dict(p.split("=",1) for p in form.split()))
        else: a=who.get(path+("?"+q if q else ""))
        if a.status_code!=200 or time.time()-t>.3: print(line,form,a.status_code,a.headers.get("Location"), round(time.time()-t,2))
    print(time.time()-t0)
    for name,path in CONSOLE:
        n=name.split(":")[1]
        if n not in seen:
            print("MISSING",n,c.get(path).status_code)
